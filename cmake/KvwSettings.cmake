# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler settings and the libraries that every room may ask for.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(KVW_CCACHE ccache)
if(KVW_CCACHE)
    # A precompiled header is only cacheable when ccache may ignore its time stamps.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${KVW_CCACHE}")
endif()
find_program(KVW_MOLD mold)
if(KVW_MOLD)
    add_link_options(-fuse-ld=mold)
endif()

add_library(kvw_warnings INTERFACE)
target_compile_options(kvw_warnings INTERFACE -Wall -Wextra -Werror)

if(KVW_SANITIZE)
    add_compile_options(-fsanitize=${KVW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${KVW_SANITIZE})
endif()

find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(Eigen3 REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(UTF8PROC REQUIRED libutf8proc)
# Without the flags of its .pc file: they are for those who build the library.
add_library(kvw_utf8proc INTERFACE)
target_link_libraries(kvw_utf8proc INTERFACE ${UTF8PROC_LINK_LIBRARIES})
target_include_directories(kvw_utf8proc INTERFACE ${UTF8PROC_INCLUDE_DIRS})
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
if(KVW_ENGINE)
    find_package(CLI11 REQUIRED)
endif()
