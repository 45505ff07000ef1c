/** What runs an ONNX model, and what makes tokens of a text for it. Both are optional. */
export const onnxPackages = ["onnxruntime-node", "@huggingface/tokenizers"] as const;

/** In the releases that Holdfast is tested with. Whoever installs them need not trust their install scripts. */
export const onnxRemedy =
  "npm install -g --ignore-scripts onnxruntime-node@1.30.0 @huggingface/tokenizers@0.2.0   (in a clone without -g)";
