# How this project builds: one library a folder, its tests, fuzzers and benchmarks found by their names.
#
#   mayfly_library(NAME DEPENDS other folders... LIBS external targets...)
#     *.cc (and sub-folders but tests/)   -> library mayfly_NAME
#     tests/*_test.cc                     -> program NAME_tests, one ctest entry
#     tests/*_fuzz.cc                     -> program NAME_<x>_fuzz; with MAYFLY_FUZZ a libFuzzer target,
#                                            otherwise it replays tests/corpus/<x>/* as a test
option(MAYFLY_PCH "Use a precompiled header" ON)
option(MAYFLY_FUZZ "Build the fuzzers with libFuzzer" OFF)
set(MAYFLY_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

add_library(mayfly_flags INTERFACE)
target_compile_options(mayfly_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer
  -pthread)  # everywhere or nowhere: a precompiled header fits only files with the same setting
target_compile_definitions(mayfly_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_include_directories(mayfly_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(mayfly_flags INTERFACE fmt::fmt Threads::Threads)
if(MAYFLY_SANITIZE)
  target_compile_options(mayfly_flags INTERFACE -fsanitize=${MAYFLY_SANITIZE} -fno-sanitize-recover=undefined)
  target_link_options(mayfly_flags INTERFACE -fsanitize=${MAYFLY_SANITIZE})
endif()
if(MAYFLY_FUZZ)
  target_compile_options(mayfly_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(mayfly_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(MAYFLY_PCH)
  # Without time stamps in it the same precompiled header is the same bytes, which ccache needs for its hits.
  target_compile_options(mayfly_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  file(WRITE ${PROJECT_BINARY_DIR}/pch.cc "")
  add_library(mayfly_pch OBJECT ${PROJECT_BINARY_DIR}/pch.cc)
  target_link_libraries(mayfly_pch PRIVATE mayfly_flags)
  target_precompile_headers(mayfly_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.h)
endif()

function(mayfly_common target)
  target_link_libraries(${target} PUBLIC mayfly_flags)
  if(MAYFLY_PCH)
    target_precompile_headers(${target} REUSE_FROM mayfly_pch)
  endif()
endfunction()

# For programs whose speed counts. A sanitizer brings an allocator of its own.
function(mayfly_fast_allocator program)
  if(NOT MAYFLY_SANITIZE)
    find_library(MAYFLY_JEMALLOC libjemalloc_pic.a REQUIRED)
    target_link_libraries(${program} PRIVATE ${MAYFLY_JEMALLOC} ${CMAKE_DL_LIBS})
  endif()
endfunction()

function(mayfly_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS;TEST_DEPENDS;TEST_LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "/tests/")
  # A nested folder with its own CMakeLists.txt is a library of its own.
  file(GLOB_RECURSE nested CONFIGURE_DEPENDS */CMakeLists.txt)
  foreach(list_file ${nested})
    get_filename_component(folder ${list_file} DIRECTORY)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  list(TRANSFORM ARG_DEPENDS PREPEND mayfly_)
  list(TRANSFORM ARG_TEST_DEPENDS PREPEND mayfly_)
  if(sources)
    add_library(mayfly_${name} STATIC ${sources})
    mayfly_common(mayfly_${name})
    target_link_libraries(mayfly_${name} PUBLIC ${ARG_DEPENDS} ${ARG_LIBS})
  else()
    add_library(mayfly_${name} INTERFACE)
    target_link_libraries(mayfly_${name} INTERFACE mayfly_flags ${ARG_DEPENDS} ${ARG_LIBS})
  endif()

  file(GLOB tests CONFIGURE_DEPENDS tests/*_test.cc)
  if(tests)
    add_executable(${name}_tests ${tests})
    mayfly_common(${name}_tests)
    target_link_libraries(${name}_tests PRIVATE mayfly_${name} ${ARG_TEST_DEPENDS} ${ARG_TEST_LIBS}
                          GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_tests PRIVATE
      MAYFLY_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/tests" MAYFLY_BUILD_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME ${name}_tests COMMAND ${name}_tests)
  endif()

  file(GLOB fuzzers CONFIGURE_DEPENDS tests/*_fuzz.cc)
  foreach(fuzzer ${fuzzers})
    get_filename_component(stem ${fuzzer} NAME_WE)
    set(program ${name}_${stem})
    string(REGEX REPLACE "_fuzz$" "" corpus ${stem})
    add_executable(${program} ${fuzzer})
    mayfly_common(${program})
    target_link_libraries(${program} PRIVATE mayfly_${name} ${ARG_TEST_DEPENDS} ${ARG_TEST_LIBS})
    if(MAYFLY_FUZZ)
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(${program} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/replay_corpus.cc)
    endif()
    add_test(NAME ${program} COMMAND ${program} ${CMAKE_CURRENT_SOURCE_DIR}/tests/corpus/${corpus})
  endforeach()
endfunction()
