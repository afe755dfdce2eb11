# Writes a C++ file that holds the text of every file of systems/<name>/ but READMEs, so that the binary needs no other file.
# cmake -DOUTPUT=… -DFILES=a;b -P cmake/embed.cmake
set(entries "")
set(own_entries "")
foreach(file IN LISTS FILES)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  file(READ ${file} text)
  get_filename_component(file_name ${file} NAME)
  if(file_name STREQUAL "system.toml")
    string(APPEND entries "    {\"${name}\", R\"__toml__(${text})__toml__\"},\n")
  else()
    string(APPEND own_entries "    {\"${name}\", \"${file_name}\", R\"__file__(${text})__file__\"},\n")
  endif()
endforeach()
file(WRITE ${OUTPUT}
"// Made by cmake/embed.cmake from systems/*/; edit the files there.
#include \"harness/system_files.hpp\"

namespace sunder::harness {

const std::vector<SystemFile>& system_files() {
  static const std::vector<SystemFile> files{
${entries}  };
  return files;
}

const std::vector<SystemOwnFile>& system_own_files() {
  static const std::vector<SystemOwnFile> files{
${own_entries}  };
  return files;
}

}  // namespace sunder::harness
")
