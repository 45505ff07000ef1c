"""llama-server out of the xllamacpp wheel: MODEL PORT SLOTS; says `ready` once it answers, and ends with its input."""

import sys

import xllamacpp

model, port, slots = sys.argv[1:4]
params = xllamacpp.CommonParams()
params.model.path = model
params.port = int(port)
params.n_parallel = int(slots)
params.n_ctx = 2048 * int(slots)
params.n_gpu_layers = 0
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("ready", server.listening_address, flush=True)
sys.stdin.read()
