# Rooms: a folder of src/ or server/ is one library target that sees the headers of the rooms it names,
# and no others, so that an include against the layering does not compile.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# What others see is marked LEAT_EXPORT.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
find_program(CCACHE ccache)
if(CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Lines for backtraces and profiles; all of the debug information would be a third of the compiler's work.
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
endif()

# What every target of ours is compiled with.
add_library(leat_build INTERFACE)
target_compile_features(leat_build INTERFACE cxx_std_23)
target_compile_options(leat_build INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
if(LEAT_SANITIZE)
  target_compile_options(leat_build INTERFACE -fsanitize=${LEAT_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(leat_build INTERFACE -fsanitize=${LEAT_SANITIZE})
endif()
if(LEAT_FUZZ)
  target_compile_options(leat_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# leat_precompile(TARGET LEADER HEADER...): the headers are compiled once, with LEADER, which is the first of its kind.
# Only for our own builds with GCC: the one with Clang goes without, and so finds a source that forgets an include.
function(leat_precompile target leader)
  if(NOT PROJECT_IS_TOP_LEVEL OR NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    return()
  endif()
  if(target STREQUAL leader)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${leader})
  endif()
  # What GCC 12 wrongly says of std::string it keeps to itself only where it reads the header in person.
  target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
endfunction()
set(LEAT_COMMON_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <deque> <functional> <map> <memory>
    <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)

# leat_library(NAME DEPENDS room... LINK library...): the room in the current folder.
# DEPENDS are rooms on lower floors; LINK are outside libraries.
function(leat_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(target leat_${name})
  # The one place from which the room's headers can be included: <view>/NAME/header.h
  set(view ${PROJECT_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${view})
  if(NOT EXISTS ${view}/${name})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${name} SYMBOLIC)
  endif()
  add_library(${target} STATIC ${found} ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${view}>)
  target_link_libraries(${target} PRIVATE leat_build)
  leat_precompile(${target} leat_base ${LEAT_COMMON_HEADERS})
  foreach(room ${ARG_DEPENDS})
    target_link_libraries(${target} PUBLIC leat_${room})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY LEAT_ROOMS ${name})
  set_property(GLOBAL PROPERTY LEAT_LINK_${name} ${ARG_LINK})
  # The products above link them too.
  get_property(imported_here DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(outside ${ARG_LINK})
    if(outside IN_LIST imported_here)
      set_target_properties(${outside} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
  endforeach()
endfunction()
