import type { CalibratedPair } from "./calibration.ts";

/** Fitted 2026-11-29 to recordings of sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53, by `bench:proof -- --ship`; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = [
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.1024,
          "far": 0.16
        },
        {
          "from": 16,
          "near": 0.0963,
          "far": 0.1327
        },
        {
          "from": 24,
          "near": 0.0951,
          "far": 0.1337
        },
        {
          "from": 32,
          "near": 0.0942,
          "far": 0.1312
        },
        {
          "from": 48,
          "near": 0.0943,
          "far": 0.1339
        },
        {
          "from": 240,
          "near": 0.0764,
          "far": 0.0782
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0386,
          "far": 0.1156
        },
        {
          "from": 16,
          "near": 0.0247,
          "far": 0.0616
        },
        {
          "from": 32,
          "near": 0.0177,
          "far": 0.0387
        },
        {
          "from": 64,
          "near": 0.0128,
          "far": 0.0224
        }
      ],
      "marginMax": 0.985
    },
    "fitted": 862,
    "tested": {
      "answers": 862,
      "convicted": 0,
      "inconclusive": 12,
      "convictedMost": 0.004270298756081004
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=on",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.1221,
          "far": 0.162
        },
        {
          "from": 16,
          "near": 0.116,
          "far": 0.1578
        },
        {
          "from": 24,
          "near": 0.1154,
          "far": 0.1567
        },
        {
          "from": 32,
          "near": 0.1116,
          "far": 0.1484
        },
        {
          "from": 48,
          "near": 0.1082,
          "far": 0.1496
        },
        {
          "from": 240,
          "near": 0.089,
          "far": 0.0904
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0704,
          "far": 0.2875
        },
        {
          "from": 16,
          "near": 0.0353,
          "far": 0.1461
        },
        {
          "from": 32,
          "near": 0.0248,
          "far": 0.0731
        },
        {
          "from": 64,
          "near": 0.0135,
          "far": 0.0179
        }
      ],
      "marginMax": 3
    },
    "fitted": 300,
    "tested": {
      "answers": 300,
      "convicted": 0,
      "inconclusive": 2,
      "convictedMost": 0.012220974694293552
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-sandybridge kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.1051,
          "far": 0.1651
        },
        {
          "from": 16,
          "near": 0.0969,
          "far": 0.1429
        },
        {
          "from": 24,
          "near": 0.0971,
          "far": 0.1271
        },
        {
          "from": 32,
          "near": 0.0961,
          "far": 0.1318
        },
        {
          "from": 48,
          "near": 0.0961,
          "far": 0.1315
        },
        {
          "from": 240,
          "near": 0.0776,
          "far": 0.0826
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0389,
          "far": 0.0767
        },
        {
          "from": 16,
          "near": 0.0308,
          "far": 0.0615
        },
        {
          "from": 32,
          "near": 0.0161,
          "far": 0.0338
        },
        {
          "from": 64,
          "near": 0.0078,
          "far": 0.009
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 150,
    "tested": {
      "answers": 150,
      "convicted": 0,
      "inconclusive": 1,
      "convictedMost": 0.024292597166108543
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-sandybridge kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=on",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.113,
          "far": 0.1429
        },
        {
          "from": 16,
          "near": 0.1039,
          "far": 0.1305
        },
        {
          "from": 24,
          "near": 0.104,
          "far": 0.1327
        },
        {
          "from": 32,
          "near": 0.1016,
          "far": 0.1241
        },
        {
          "from": 48,
          "near": 0.1008,
          "far": 0.1195
        },
        {
          "from": 240,
          "near": 0.0869,
          "far": 0.0869
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0374,
          "far": 0.0834
        },
        {
          "from": 16,
          "near": 0.0382,
          "far": 0.0742
        },
        {
          "from": 32,
          "near": 0.0232,
          "far": 0.0487
        },
        {
          "from": 64,
          "near": 0.013,
          "far": 0.0149
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 120,
    "tested": {
      "answers": 120,
      "convicted": 0,
      "inconclusive": 6,
      "convictedMost": 0.030272972577420072
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-sse42 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.1138,
          "far": 0.1611
        },
        {
          "from": 16,
          "near": 0.095,
          "far": 0.1197
        },
        {
          "from": 24,
          "near": 0.0904,
          "far": 0.1138
        },
        {
          "from": 32,
          "near": 0.0918,
          "far": 0.1121
        },
        {
          "from": 48,
          "near": 0.0866,
          "far": 0.1004
        },
        {
          "from": 240,
          "near": 0.0739,
          "far": 0.0763
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0304,
          "far": 0.1
        },
        {
          "from": 16,
          "near": 0.0435,
          "far": 0.0945
        },
        {
          "from": 32,
          "near": 0.013,
          "far": 0.0258
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 75,
    "tested": {
      "answers": 75,
      "convicted": 0,
      "inconclusive": 3,
      "convictedMost": 0.04799506405514227
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 0.1103,
          "far": 0.1656
        },
        {
          "from": 16,
          "near": 0.1055,
          "far": 0.1493
        },
        {
          "from": 24,
          "near": 0.1031,
          "far": 0.1534
        },
        {
          "from": 32,
          "near": 0.1028,
          "far": 0.1466
        },
        {
          "from": 48,
          "near": 0.1005,
          "far": 0.1427
        },
        {
          "from": 240,
          "near": 0.0815,
          "far": 0.0836
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.044,
          "far": 0.1308
        },
        {
          "from": 16,
          "near": 0.029,
          "far": 0.1461
        },
        {
          "from": 32,
          "near": 0.0213,
          "far": 0.0731
        },
        {
          "from": 64,
          "near": 0.0135,
          "far": 0.027
        }
      ],
      "marginMax": 2.3
    },
    "fitted": 1507,
    "tested": {
      "answers": 1507,
      "convicted": 0,
      "inconclusive": 20,
      "convictedMost": 0.0024448362715862744
    }
  }
];
