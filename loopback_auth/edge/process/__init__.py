"""The process and its children: the event loop, signals, clocks."""
