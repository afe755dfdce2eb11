// The calibration table: a campaign as text for the terminal and as the page docs/calibration.md.
//
// Campaign → **table_text**, **table_page**. Thread: pure. Tested by tests/calibrate/calibrate_test.cpp.
#pragma once

#include <string>

#include "calibrate/campaign.hpp"

namespace sunder::calibrate {

/// What is asked of a campaign: no alarm, every promise shown with power, every bug caught by this share of its seeds.
inline constexpr double kShareWanted = 0.99;
[[nodiscard]] bool holds(const Campaign& campaign);

[[nodiscard]] std::string table_text(const Campaign& campaign);
/// Markdown, the two tables only. `command`: the line that made it.
[[nodiscard]] std::string table_page(const Campaign& campaign, const std::string& command);

}  // namespace sunder::calibrate
