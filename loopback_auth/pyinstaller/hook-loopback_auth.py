"""
What PyInstaller cannot see by itself: commands are imported by name, and texts and pages are data
files.
"""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

# The plug-in would bring pytest along.
hiddenimports = collect_submodules(
    "loopback_auth", filter=lambda name: not name.endswith(".plugin")
)
datas = collect_data_files("loopback_auth")
