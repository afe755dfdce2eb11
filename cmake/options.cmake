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

# sunder_room(NAME DEPENDS…): a static library of every source of the calling folder and those below it.
# Sources are found, so that a new fault, check or command is one new file and one line in its list.def.
function(sunder_room name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(sunder_${name} STATIC ${sources})
  target_link_libraries(sunder_${name} PUBLIC sunder_options ${ARGN})
endfunction()
