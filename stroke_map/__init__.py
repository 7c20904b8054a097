"""The emergency routing map for stroke and chest pain.

Nothing heavy is imported here: `stroke-map --help` must answer at once, and numba must find its cache
folder (setting `cache_dir`) before it is first imported.
"""

__version__ = "0.1.0"
