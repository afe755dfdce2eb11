# sunder::sunder: what a program needs to have the proxy in its own process (include/sunder/embed.hpp) and to drive a running
# one (include/sunder/client.hpp), as one static library. Its headers stand alone; the rooms' own options, warnings and
# sanitizers are not passed on to those who link it.

# Left out is what only the program has: TOML files, and nftables with its library.
set(sunder_objects "")
foreach(room base proxy control embed)
  list(APPEND sunder_objects "$<FILTER:$<TARGET_OBJECTS:sunder_${room}>,EXCLUDE,/(config|nft_filter|nft_text)[.]cpp>")
endforeach()
add_library(sunder_library STATIC ${sunder_objects})
add_library(sunder::sunder ALIAS sunder_library)
set_target_properties(sunder_library PROPERTIES OUTPUT_NAME sunder EXPORT_NAME sunder LINKER_LANGUAGE CXX)
target_compile_features(sunder_library PUBLIC cxx_std_20)
target_include_directories(sunder_library PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
# cmake/sunderConfig.cmake finds the same ones.
target_link_libraries(sunder_library PRIVATE
  spdlog::spdlog PkgConfig::uv PkgConfig::xxhash PkgConfig::httplib Threads::Threads)

if(SUNDER_INSTALL)
  include(GNUInstallDirs)
  include(CMakePackageConfigHelpers)
  set(sunder_package ${CMAKE_INSTALL_LIBDIR}/cmake/sunder)
  install(TARGETS sunder_library EXPORT sunderTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
  install(DIRECTORY include/sunder DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.hpp")
  install(EXPORT sunderTargets NAMESPACE sunder:: DESTINATION ${sunder_package} COMPONENT library)
  # Before 1.0 a minor version may change what callers see.
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/sunderConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES cmake/sunderConfig.cmake ${PROJECT_BINARY_DIR}/sunderConfigVersion.cmake
    DESTINATION ${sunder_package} COMPONENT library)
endif()
