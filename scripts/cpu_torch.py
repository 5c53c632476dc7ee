# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets `import torch` work on a CPU without torch's big CUDA libraries; scripts/lib.sh copies this into the conformance
environment as kvw_cpu_torch, which Python imports at its start.

libtorch_cuda names libcublas, libcudnn and others. Empty libraries of the same names (made by make_cuda_stand_ins in
scripts/lib.sh) are loaded first, and functions are bound when they are first called, which on a CPU is never.
"""

import ctypes
import os
import sys
from pathlib import Path

_stand_ins = sorted(Path(sys.prefix, "cuda-stand-ins").glob("*.so*"))
if _stand_ins:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a GPU would be found, and then the libraries would be called
    sys.setdlopenflags(os.RTLD_LAZY)
    for _library in _stand_ins:
        ctypes.CDLL(str(_library))
