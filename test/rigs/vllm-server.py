"""vLLM's own HTTP server: its arguments are that server's; it ends with its input, and every process it started with it."""

import os
import runpy
import signal
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


# The processes it starts read this file again.
if __name__ == "__main__":
    os.setpgrp()
    threading.Thread(target=end_with_input, daemon=True).start()
    # Its command `vllm serve` looks for a package of that name, which a build for plain processors has under another.
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__")
