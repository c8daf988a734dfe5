"""
Start a program, and write down when it began, when it was gone, its status and the most memory it
held.

It stands between the bench and the program for the memory's sake: a new process is charged with the
size of the one it was forked from, and this one is smaller than any program that is measured.
"""

import os
import resource  # noqa: F401 - os.wait4 needs it, and would load it while the clock runs
import sys
import time

report, *command = sys.argv[1:]
began = time.monotonic()
child = os.fork()
if not child:
    os.close(int(report))
    os.execv(command[0], command)  # noqa: S606 - the bench gives whole paths
_, status, usage = os.wait4(child, 0)
gone = time.monotonic()
os.write(
    int(report), f"{began} {gone} {os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}".encode()
)
