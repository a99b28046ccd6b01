"""What nodes and commands share: each job once, in terms of the engine. No node, no argparse."""
