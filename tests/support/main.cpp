// The one main of every Catch2 test program; compiled once because Catch2 v2's runner takes long to build.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include <csignal>

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // as sunder's own main does
  return Catch::Session().run(argc, argv);
}
