"""Run as a script: end with the parent process, drop root's privileges, exec the command.

A process of its own instead of subprocess's ``preexec_fn``, which is unsafe once threads run.
Imports as little as possible, and nothing of this package: it runs with -I -S.
Arguments: parent's pid, signal when the parent dies, uid or -1, gid or -1, command …
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent(parent: int, signal: int) -> None:
    """The kernel sends ``signal`` when the parent dies; elsewhere the next start stops the leftover."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent process has ended")


def drop_privileges(uid: int, gid: int) -> None:
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    parent, signal, uid, gid = map(int, arguments[:4])
    if uid >= 0:
        drop_privileges(uid, gid)
    tie_to_parent(parent, signal)  # after setuid, which clears the death signal
    os.execv(arguments[4], arguments[4:])


if __name__ == "__main__":
    main(sys.argv[1:])
