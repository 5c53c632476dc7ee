// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/guarded.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <new>

namespace kvw {

void guarded(std::string_view where, const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error&) {
        throw;
    } catch (const c10::Error& error) {
        const std::string sentence = error.what_without_backtrace();
        const bool memory = sentence.find("not enough memory") != std::string::npos
            || sentence.find("out of memory") != std::string::npos
            || sentence.find("can't allocate memory") != std::string::npos;
        if (memory)
            throw Error(ErrorKind::OutOfMemory, fmt::format("{}: {}", where, sentence),
                        "use a shorter window, a smaller batch or a smaller model");
        if (sentence.find("CUDA") != std::string::npos)
            throw Error(ErrorKind::DeviceFault, fmt::format("{}: {}", where, sentence), "try again with --device cpu");
        throw Error(ErrorKind::Internal, fmt::format("{}: {}", where, sentence));
    } catch (const std::bad_alloc&) {
        throw Error(ErrorKind::OutOfMemory, fmt::format("{}: memory is exhausted", where),
                    "use a shorter window, a smaller batch or a smaller model");
    }
}

} // namespace kvw
