# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install build/release` puts where: programs, their pages for man, completions of shells, and what a desktop
# needs to show the window among its programs and to open project files with it. LibTorch stays where it was found.
include(GNUInstallDirs)
set(kvw_id io.github.kvworkbench.KvWorkbench)

add_custom_target(kvw_manual_pages)

# kvw_install_program(TARGET DESCRIBE...): the program and what it says of itself when it is run with these arguments.
function(kvw_install_program target)
    install(TARGETS ${target} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    set(made "${CMAKE_BINARY_DIR}/manual")
    file(MAKE_DIRECTORY "${made}")
    set(files "")
    foreach(form IN ITEMS man bash zsh fish)
        set(file "${made}/${target}.${form}")
        add_custom_command(OUTPUT "${file}" DEPENDS ${target} VERBATIM
            COMMAND sh -c "\"$1\" $2 >\"$3.new\" && mv \"$3.new\" \"$3\"" sh "$<TARGET_FILE:${target}>" "${ARGN} ${form}" "${file}")
        list(APPEND files "${file}")
    endforeach()
    add_custom_target(${target}_pages ALL DEPENDS ${files})
    add_dependencies(kvw_manual_pages ${target}_pages)
    install(FILES "${made}/${target}.man" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" RENAME ${target}.1)
    install(FILES "${made}/${target}.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME ${target})
    install(FILES "${made}/${target}.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" RENAME _${target})
    install(FILES "${made}/${target}.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" RENAME ${target}.fish)
endfunction()

if(TARGET kvw)
    kvw_install_program(kvw describe)
    # In ../lib of the program, where it looks for it when a GPU is asked for.
    if(TARGET kvw_cuda)
        install(TARGETS kvw_cuda LIBRARY DESTINATION lib)
    endif()
endif()
if(TARGET kvworkbench)
    kvw_install_program(kvworkbench --describe)
    set(resources "${CMAKE_SOURCE_DIR}/resources")
    install(FILES "${resources}/${kvw_id}.desktop" DESTINATION "${CMAKE_INSTALL_DATADIR}/applications")
    install(FILES "${resources}/${kvw_id}.metainfo.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/metainfo")
    install(FILES "${resources}/${kvw_id}.mime.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/mime/packages" RENAME ${kvw_id}.xml)
    install(FILES "${resources}/icons/${kvw_id}.svg" DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps")
endif()
