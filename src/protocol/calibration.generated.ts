import type { CalibratedPair } from "./calibration.ts";

/** Fitted 2026-11-30 to recordings of sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53, by `bench:proof -- --ship`; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = [
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 2.1652,
          "far": 2.8084
        },
        {
          "from": 16,
          "near": 1.7244,
          "far": 2.0501
        },
        {
          "from": 24,
          "near": 1.7017,
          "far": 2.0377
        },
        {
          "from": 32,
          "near": 1.6047,
          "far": 1.8521
        },
        {
          "from": 48,
          "near": 1.5339,
          "far": 1.7437
        },
        {
          "from": 240,
          "near": 0.9307,
          "far": 0.9685
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0417,
          "far": 0.0913
        },
        {
          "from": 16,
          "near": 0.0255,
          "far": 0.0576
        },
        {
          "from": 32,
          "near": 0.0192,
          "far": 0.0385
        },
        {
          "from": 64,
          "near": 0.0128,
          "far": 0.0245
        }
      ],
      "marginMax": 0.9941
    },
    "fitted": 900,
    "tested": {
      "answers": 900,
      "convicted": 0,
      "inconclusive": 7,
      "convictedMost": 0.004090366517571227
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=on",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 2.2718,
          "far": 2.6941
        },
        {
          "from": 16,
          "near": 2.0843,
          "far": 2.4503
        },
        {
          "from": 24,
          "near": 1.9864,
          "far": 2.2656
        },
        {
          "from": 32,
          "near": 1.9322,
          "far": 2.2119
        },
        {
          "from": 48,
          "near": 1.8741,
          "far": 2.104
        },
        {
          "from": 240,
          "near": 1.1352,
          "far": 1.1702
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0596,
          "far": 0.2875
        },
        {
          "from": 16,
          "near": 0.0351,
          "far": 0.1461
        },
        {
          "from": 32,
          "near": 0.0241,
          "far": 0.0719
        },
        {
          "from": 64,
          "near": 0.0135,
          "far": 0.0352
        }
      ],
      "marginMax": 3
    },
    "fitted": 450,
    "tested": {
      "answers": 450,
      "convicted": 0,
      "inconclusive": 1,
      "convictedMost": 0.008164001936894386
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-sandybridge kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 1.6752,
          "far": 1.9022
        },
        {
          "from": 16,
          "near": 1.7087,
          "far": 2.0092
        },
        {
          "from": 24,
          "near": 1.7247,
          "far": 2.0369
        },
        {
          "from": 32,
          "near": 1.5765,
          "far": 1.7588
        },
        {
          "from": 48,
          "near": 1.524,
          "far": 1.7409
        },
        {
          "from": 240,
          "near": 0.9199,
          "far": 0.9965
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0389,
          "far": 0.0822
        },
        {
          "from": 16,
          "near": 0.0241,
          "far": 0.0536
        },
        {
          "from": 32,
          "near": 0.0161,
          "far": 0.0331
        },
        {
          "from": 64,
          "near": 0.0089,
          "far": 0.0143
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 150,
    "tested": {
      "answers": 150,
      "convicted": 0,
      "inconclusive": 5,
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
          "near": 1.9675,
          "far": 2.23
        },
        {
          "from": 16,
          "near": 1.8775,
          "far": 2.2103
        },
        {
          "from": 24,
          "near": 1.7427,
          "far": 1.9504
        },
        {
          "from": 32,
          "near": 1.6491,
          "far": 1.8361
        },
        {
          "from": 48,
          "near": 1.6234,
          "far": 1.8468
        },
        {
          "from": 240,
          "near": 1.0885,
          "far": 1.1148
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.047,
          "far": 0.1263
        },
        {
          "from": 16,
          "near": 0.0349,
          "far": 0.0712
        },
        {
          "from": 32,
          "near": 0.0208,
          "far": 0.0455
        },
        {
          "from": 64,
          "near": 0.0138,
          "far": 0.0202
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 150,
    "tested": {
      "answers": 150,
      "convicted": 0,
      "inconclusive": 0,
      "convictedMost": 0.024292597166108543
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-sse42 kv=f16 fa=off",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-zen4 kv=f16 fa=off",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 1.8458,
          "far": 2.2017
        },
        {
          "from": 16,
          "near": 1.6727,
          "far": 1.9399
        },
        {
          "from": 24,
          "near": 1.5662,
          "far": 1.8168
        },
        {
          "from": 32,
          "near": 1.5124,
          "far": 1.6747
        },
        {
          "from": 48,
          "near": 1.4155,
          "far": 1.5761
        },
        {
          "from": 240,
          "near": 0.8934,
          "far": 0.9107
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.045,
          "far": 0.1256
        },
        {
          "from": 16,
          "near": 0.0406,
          "far": 0.0795
        },
        {
          "from": 32,
          "near": 0.0172,
          "far": 0.0304
        },
        {
          "from": 64,
          "near": 0.0115,
          "far": 0.022
        }
      ],
      "marginMax": 1.2
    },
    "fitted": 150,
    "tested": {
      "answers": 150,
      "convicted": 0,
      "inconclusive": 4,
      "convictedMost": 0.024292597166108543
    }
  },
  {
    "one": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    "other": "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    "tolerance": {
      "distance": [
        {
          "from": 8,
          "near": 2.1986,
          "far": 2.6963
        },
        {
          "from": 16,
          "near": 2.0754,
          "far": 2.5088
        },
        {
          "from": 24,
          "near": 1.968,
          "far": 2.3732
        },
        {
          "from": 32,
          "near": 1.8397,
          "far": 2.1253
        },
        {
          "from": 48,
          "near": 1.7581,
          "far": 1.9935
        },
        {
          "from": 240,
          "near": 1.0168,
          "far": 1.0754
        }
      ],
      "margin": [
        {
          "from": 8,
          "near": 0.0458,
          "far": 0.1286
        },
        {
          "from": 16,
          "near": 0.0315,
          "far": 0.1438
        },
        {
          "from": 32,
          "near": 0.0203,
          "far": 0.0731
        },
        {
          "from": 64,
          "near": 0.0128,
          "far": 0.0348
        }
      ],
      "marginMax": 2.3
    },
    "fitted": 1800,
    "tested": {
      "answers": 1800,
      "convicted": 0,
      "inconclusive": 13,
      "convictedMost": 0.0020472789343030334
    }
  }
];
