// SPDX-License-Identifier: GPL-3.0-or-later
// Precompiled for every room that includes LibTorch: its headers take five of the six seconds that such a file needs.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
