"""What every pane shares: project, selection, clock, actions. No pane knows another."""
