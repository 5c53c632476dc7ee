# SPDX-License-Identifier: GPL-3.0-or-later
# Levels of instructions, by their names in kernels/cpu/cpu_features.h, and what a compiler must be told of each. V3 and V4 are
# those of the x86-64 psABI. A level's files use no more than it has, and the program must start on any x86-64: who calls them
# asks kernels/cpu/variants.h for what the processor has.
set(KVW_CPU_LEVELS Baseline V3 V3Vnni V4 Vnni Bf16)
set(KVW_CPU_FLAGS_Baseline "")
set(KVW_CPU_FLAGS_V3 -march=x86-64-v3)
set(KVW_CPU_FLAGS_V3Vnni -march=x86-64-v3 -mavxvnni)
set(KVW_CPU_FLAGS_V4 -march=x86-64-v4 -mprefer-vector-width=512)
set(KVW_CPU_FLAGS_Vnni ${KVW_CPU_FLAGS_V4} -mavx512vnni)
set(KVW_CPU_FLAGS_Bf16 ${KVW_CPU_FLAGS_V4} -mavx512bf16 -mprfchw)

# kvw_cpu_level_words(OUT): the levels as KVW_CPU and `kvw --version` write them: V3Vnni is v3-vnni.
function(kvw_cpu_level_words out)
    set(words "")
    foreach(level IN LISTS KVW_CPU_LEVELS)
        string(REGEX REPLACE "([a-z0-9])([A-Z])" "\\1-\\2" word "${level}")
        string(TOLOWER "${word}" word)
        list(APPEND words "${word}")
    endforeach()
    set(${out} ${words} PARENT_SCOPE)
endfunction()

# kvw_kernel_variants(TARGET SOURCE...): every <name>_body.cpp once for each of its levels, with KVW_LEVEL
#   naming the level, into TARGET. The levels are those of the variable KVW_LEVELS_<name>, else Baseline, V3 and V4. On other
#   processors than x86-64 there is Baseline alone.
function(kvw_kernel_variants target)
    set(levels Baseline)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
        set(levels ${KVW_CPU_LEVELS})
    endif()
    foreach(level IN LISTS levels)
        set(sources "")
        foreach(source IN LISTS ARGN)
            get_filename_component(name "${source}" NAME)
            string(REGEX REPLACE "_body\\.cpp$" "" name "${name}")
            set(its_levels Baseline V3 V4)
            if(DEFINED KVW_LEVELS_${name})
                set(its_levels ${KVW_LEVELS_${name}})
            endif()
            if(level IN_LIST its_levels)
                list(APPEND sources "${source}")
            endif()
        endforeach()
        if(sources)
            add_library(${target}_${level} OBJECT ${sources})
            target_compile_definitions(${target}_${level} PRIVATE KVW_LEVEL=${level})
            target_compile_options(${target}_${level} PRIVATE -fopenmp-simd ${KVW_CPU_FLAGS_${level}})
            target_include_directories(${target}_${level} PRIVATE "${CMAKE_SOURCE_DIR}")
            target_link_libraries(${target}_${level} PRIVATE kvw_warnings)
            target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${level}>)
        endif()
    endforeach()
endfunction()
