# Writes a C++ file that holds the text of every systems/<name>/system.toml, so that the binary needs no other file.
# cmake -DOUTPUT=… -DFILES=a;b -P cmake/embed.cmake
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"__toml__(${text})__toml__\"},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Made by cmake/embed.cmake from systems/*/system.toml; edit those.
#include \"harness/system_files.hpp\"

namespace sunder::harness {

const std::vector<SystemFile>& system_files() {
  static const std::vector<SystemFile> files{
${entries}  };
  return files;
}

}  // namespace sunder::harness
")
