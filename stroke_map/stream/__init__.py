"""Changes of live state as server-sent events, told by a process of its own: a worker that answers routes never holds an open stream.

One thread reads the database for all streams and writes each change down as JSON once; the loop hands the same bytes to whoever may
hear them. A client that was away, or too slow, comes back with `Last-Event-ID` and hears what it missed.
"""
