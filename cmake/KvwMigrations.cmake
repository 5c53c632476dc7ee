# SPDX-License-Identifier: GPL-3.0-or-later
# kvw_embed_migrations(TARGET)
#   compiles resources/migrations/NNNN_name.sql into TARGET as what core/store/migrations.h declares.
#
# Included, this file defines the function; run by `cmake -P` with OUTPUT and FOLDER it writes the source file.

if(CMAKE_SCRIPT_MODE_FILE)
    file(GLOB scripts "${FOLDER}/*.sql")
    list(SORT scripts)
    set(rows "")
    foreach(script IN LISTS scripts)
        get_filename_component(name "${script}" NAME_WE)
        if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
            message(FATAL_ERROR "${script}: the name of a migration is NNNN_words.sql")
        endif()
        math(EXPR version "1${CMAKE_MATCH_1} - 10000")
        file(READ "${script}" sql)
        string(APPEND rows "    {${version}, \"${name}\", R\"kvw_sql(${sql})kvw_sql\"},\n")
    endforeach()
    file(WRITE "${OUTPUT}" "// Written by cmake/KvwMigrations.cmake from resources/migrations.\n"
        "#include \"core/store/migrations.h\"\n\n"
        "namespace kvw {\nnamespace {\n\nconstexpr Migration kMigrations[] = {\n${rows}};\n\n} // namespace\n\n"
        "std::span<const Migration> built_in_migrations() noexcept { return kMigrations; }\n\n} // namespace kvw\n")
    return()
endif()

set(KVW_MIGRATIONS_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(kvw_embed_migrations target)
    set(folder "${CMAKE_SOURCE_DIR}/resources/migrations")
    set(output "${CMAKE_BINARY_DIR}/generated/store/migrations.cpp")
    file(GLOB scripts CONFIGURE_DEPENDS "${folder}/*.sql")
    add_custom_command(OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${folder}" "-DOUTPUT=${output}" -P "${KVW_MIGRATIONS_SCRIPT}"
        DEPENDS ${scripts} "${KVW_MIGRATIONS_SCRIPT}"
        COMMENT "Embedding the store's migrations" VERBATIM)
    target_sources(${target} PRIVATE "${output}")
endfunction()
