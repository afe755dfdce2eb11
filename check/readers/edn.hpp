// read_edn: every EDN file of events, whoever wrote it. See edn.cpp. Thread: one.
#pragma once

#include "check/readers/format.hpp"

namespace sunder::check {

Status read_edn(LineReader& lines, History& history, HistoryBuilder& builder);

}  // namespace sunder::check
