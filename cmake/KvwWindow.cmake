# SPDX-License-Identifier: GPL-3.0-or-later
# The window: Qt 6 and QCustomPlot, and the library kvw_widgets from the rooms of widgets/.
# Sets KVW_WINDOW to OFF with a message where they are not installed.
find_package(Qt6 6.4 QUIET COMPONENTS Widgets Svg PrintSupport DBus LinguistTools)
find_package(QCustomPlotQt6 QUIET)
if(NOT Qt6_FOUND OR NOT QCustomPlotQt6_FOUND)
    message(STATUS "No window: Qt 6.4 (Widgets, Svg, PrintSupport, DBus, LinguistTools) or QCustomPlotQt6 is missing; "
                   "Debian: qt6-base-dev qt6-svg-dev qt6-tools-dev qt6-l10n-tools libqcustomplot-dev")
    set(KVW_WINDOW OFF)
    return()
endif()

add_library(kvw_qt INTERFACE)
target_compile_definitions(kvw_qt INTERFACE QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_KEYWORDS
    QT_NO_URL_CAST_FROM_STRING)
target_link_libraries(kvw_qt INTERFACE Qt6::Widgets Qt6::Svg Qt6::PrintSupport Qt6::DBus)

add_library(kvw_widgets STATIC)
# kvw_widgets_part(NAME HEADER): an object library with a precompiled header, for the rooms that kvw_window_room() puts
# into it. QCustomPlot's header costs more than everything else of a file in widgets/plots, so that room has its own.
function(kvw_widgets_part name header)
    add_library(${name} OBJECT)
    set_target_properties(${name} PROPERTIES AUTOMOC ON)
    target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_precompile_headers(${name} PRIVATE ${header})
    target_link_libraries(${name} PRIVATE kvw_warnings QCustomPlotQt6::QCustomPlotQt6
        PUBLIC kvw_qt kvw_store kvw_protocol kvw_analysis kvw_report kvw_config kvw_model)
    target_link_libraries(kvw_widgets PRIVATE ${name})
    target_sources(kvw_widgets PRIVATE $<TARGET_OBJECTS:${name}>)
endfunction()
kvw_widgets_part(kvw_widgets_plots "${CMAKE_SOURCE_DIR}/widgets/plots/qcp.h")
kvw_widgets_part(kvw_widgets_rest <QtWidgets>)

# kvw_window_room(NAME [QCUSTOMPLOT] [ROOMS ...]): widgets/NAME, which may include the headers of these rooms of the window
# and of those that they name, and QCustomPlot's where that is said. tests/architecture holds the arrows.
function(kvw_window_room name)
    cmake_parse_arguments(ROOM "QCUSTOMPLOT" "" "ROOMS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/widgets/${name}/*.cpp" "${CMAKE_SOURCE_DIR}/widgets/${name}/*.h")
    if(ROOM_QCUSTOMPLOT)
        target_sources(kvw_widgets_plots PRIVATE ${sources})
    else()
        target_sources(kvw_widgets_rest PRIVATE ${sources})
    endif()
endfunction()

set_target_properties(kvw_widgets PROPERTIES AUTORCC ON)
target_sources(kvw_widgets PRIVATE "${CMAKE_SOURCE_DIR}/resources/kvworkbench.qrc")
# scripts/translate brings the catalogues up to date with the sources.
file(GLOB kvw_catalogues CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/resources/translations/*.ts")
qt_add_lrelease(kvw_widgets TS_FILES ${kvw_catalogues} QM_FILES_OUTPUT_VARIABLE kvw_compiled_catalogues)
qt_add_resources(kvw_widgets translations PREFIX /translations BASE "${CMAKE_BINARY_DIR}" FILES ${kvw_compiled_catalogues})
target_include_directories(kvw_widgets PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(kvw_widgets PUBLIC kvw_qt QCustomPlotQt6::QCustomPlotQt6
    kvw_store kvw_protocol kvw_analysis kvw_report kvw_config kvw_model)

# kvw_widget_tests(NAME [LIBRARIES ...]): one test program from every *_test.cpp of the calling folder, with a
# QApplication on the offscreen platform (tests/widgets/support).
function(kvw_widget_tests name)
    cmake_parse_arguments(TESTS "" "TIMEOUT" "LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
    if(NOT sources)
        return()
    endif()
    if(NOT TESTS_TIMEOUT)
        set(TESTS_TIMEOUT 1200)
    endif()
    set(target widgets_${name}_test)
    add_executable(${target} ${sources})
    set_target_properties(${target} PROPERTIES AUTOMOC ON)
    target_link_libraries(${target} PRIVATE kvw_widget_test_support kvw_warnings ${TESTS_LIBRARIES})
    kvw_compile_quickly(${target})
    # Not shared: Qt Test tells every target its own folder.
    target_precompile_headers(${target} PRIVATE <gmock/gmock.h> <QtWidgets> <QtTest>)
    gtest_discover_tests(${target} TEST_PREFIX "widgets.${name}." DISCOVERY_TIMEOUT 600
        PROPERTIES TIMEOUT ${TESTS_TIMEOUT} LABELS widgets)
endfunction()
