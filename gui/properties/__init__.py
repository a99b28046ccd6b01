"""The properties bin: panels that show and change what a document holds about its nodes."""
