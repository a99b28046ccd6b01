"""Documents as files in the window: open, save, versions, autosave and recovery, settings."""
