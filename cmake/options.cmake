# Warnings and sanitizers, on one interface target that every room links; nothing global.
add_library(sunder_options INTERFACE)
target_include_directories(sunder_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(sunder_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor)
# g++ 12 sees overlaps in `"text" + std::string` that are not there, from -O2 on (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(sunder_options INTERFACE -Wno-restrict)
endif()
if(SUNDER_WERROR)
  target_compile_options(sunder_options INTERFACE -Werror)
endif()
if(SUNDER_SANITIZE)
  target_compile_options(sunder_options INTERFACE -fsanitize=${SUNDER_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(sunder_options INTERFACE -fsanitize=${SUNDER_SANITIZE})
endif()

# Coverage for libFuzzer goes into every room; its main only into the fuzz programs.
if(SUNDER_FUZZ AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(sunder_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# sunder_unity(TARGET SOURCES…): compiles up to ten files of a folder as one unit, which reads the headers once (SUNDER_UNITY).
# Files of different folders never meet, so two folders may use the same names; two files of one folder may not.
function(sunder_unity target)
  if(NOT SUNDER_UNITY)
    return()
  endif()
  foreach(source ${ARGN})
    get_filename_component(folder ${source} DIRECTORY)
    string(MAKE_C_IDENTIFIER "in_${folder}" folder)
    math(EXPR count_${folder} "0${count_${folder}} + 1")
    math(EXPR part "(${count_${folder}} - 1) / 10")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder}_${part})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A type of a .cpp file is seen by no other, wherever that file is included.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# sunder_room(NAME DEPENDS…): a static library of every source of the calling folder and those below it.
# Sources are found, so that a new fault, check or command is one new file and one line in its list.def.
function(sunder_room name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(sunder_${name} STATIC ${sources})
  target_link_libraries(sunder_${name} PUBLIC sunder_options ${ARGN})
  # The clients and the reference nodes speak of the same things in words of their own: Answer, kAsk.
  list(FILTER sources EXCLUDE REGEX "/(clients|modes)/")
  sunder_unity(sunder_${name} ${sources})
endfunction()
