"""The worker process and the way to talk to it. The client's side needs the standard library."""
