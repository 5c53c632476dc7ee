# SPDX-License-Identifier: GPL-3.0-or-later
# kvw_compile_quickly(TARGET): for code that waits for files, people or other code, where -O3 would only cost compile time.
#   At -O1, g++ 12 sees too little to know that its own std::string stays within its bounds; -O3 checks the rest.
function(kvw_compile_quickly target)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>
        $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-array-bounds>)
endfunction()

# kvw_share_precompiled(TARGET GROUP HEADER...): precompiles the headers for the first target of a group; later ones take
# what it made. Targets of a group have the same compiler flags.
function(kvw_share_precompiled target group)
    get_property(owner GLOBAL PROPERTY kvw_precompiled_${group})
    if(owner)
        target_precompile_headers(${target} REUSE_FROM ${owner})
    else()
        target_precompile_headers(${target} PRIVATE ${ARGN})
        set_property(GLOBAL PROPERTY kvw_precompiled_${group} ${target})
    endif()
endfunction()

# kvw_room(NAME [STRICT_SWITCHES] [TORCH] [KERNELS] [COLD] [ROOMS ...] [LIBRARIES ...])
#   the static library kvw_NAME from every core/NAME/*.cpp. ROOMS are the rooms that it may include; naming one that
#   does not exist yet is an error, so the order in the top CMakeLists.txt is the order of the arrows. COLD: see
#   kvw_compile_quickly. With STRICT_SWITCHES a switch over an enumeration names every enumerator, so that a new word of the
#   configuration is missed nowhere.
function(kvw_room name)
    cmake_parse_arguments(ROOM "STRICT_SWITCHES;TORCH;KERNELS;COLD" "" "ROOMS;LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/core/${name}/*.cpp")
    set(target kvw_${name})
    if(sources)
        add_library(${target} STATIC ${sources})
        set(scope PUBLIC)
        target_link_libraries(${target} PRIVATE kvw_warnings)
        if(ROOM_STRICT_SWITCHES)
            target_compile_options(${target} PRIVATE -Wswitch-enum)
        endif()
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}")
    foreach(room IN LISTS ROOM_ROOMS)
        if(NOT TARGET kvw_${room})
            message(FATAL_ERROR "room ${name} names ${room}, which stands below it or does not exist")
        endif()
        target_link_libraries(${target} ${scope} kvw_${room})
    endforeach()
    if(ROOM_KERNELS)
        target_link_libraries(${target} ${scope} kvw_kernels_device kvw_kernels_cpu)
    endif()
    if(ROOM_TORCH)
        target_link_libraries(${target} ${scope} kvw_torch)
        if(sources)
            kvw_share_precompiled(${target} torch_rooms "${CMAKE_SOURCE_DIR}/cmake/torch_headers.h")
        endif()
    endif()
    if(ROOM_COLD)
        kvw_compile_quickly(${target})
    endif()
    target_link_libraries(${target} ${scope} ${ROOM_LIBRARIES})
endfunction()

# kvw_tests(NAME [TORCH] [TIMEOUT SECONDS] [LIBRARIES ...]): one test program from every *_test.cpp of the calling folder.
#   The limits of time are there to end what hangs. They are many times what a test takes on two slow cores that other
#   programs use as well; no test may depend on how fast the machine is.
function(kvw_tests name)
    cmake_parse_arguments(TESTS "TORCH" "TIMEOUT" "LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
    if(NOT sources)
        return()
    endif()
    if(NOT TESTS_TIMEOUT)
        set(TESTS_TIMEOUT 1200)
    endif()
    add_executable(${name}_test ${sources})
    target_link_libraries(${name}_test PRIVATE kvw_test_support kvw_warnings ${TESTS_LIBRARIES})
    kvw_compile_quickly(${name}_test)
    if(TESTS_TORCH)
        kvw_share_precompiled(${name}_test torch_tests <gmock/gmock.h> <gtest/gtest.h> "${CMAKE_SOURCE_DIR}/cmake/torch_headers.h")
    else()
        kvw_share_precompiled(${name}_test tests <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." PROPERTIES TIMEOUT ${TESTS_TIMEOUT} LABELS ${name}
        DISCOVERY_TIMEOUT 600)
endfunction()
