//! Kernels for quantized weights.
