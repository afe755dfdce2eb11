// Svg: a drawing as text; and the one time axis that every drawing of the report shares.
//
// charts, timeline, witness → **Svg** → page. Shapes carry CSS classes and no colours, so that style.cpp alone decides
// about light, dark and print. Units: the viewBox's, about one pixel on a wide screen; x to the right, y down.
// Thread: values. Tested by tests/harness/report_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sunder/time.hpp"

namespace sunder::harness::report {

/// A number with at most one digit after the point; the same text on every machine. Not finite: "0".
[[nodiscard]] std::string num(double value);

class Svg {
 public:
  /// `label`: what the drawing shows, for screen readers. `attributes`: more of them, as they are.
  Svg(double width, double height, std::string_view label, std::string_view attributes = {});

  /// `title`: shown when the pointer rests on the shape.
  void rect(double x, double y, double w, double h, std::string_view css,
            std::string_view title = {});
  void line(double x1, double y1, double x2, double y2, std::string_view css);
  void text(double x, double y, std::string_view words, std::string_view css);
  void path(const std::string& data, std::string_view css);
  /// A group that takes the pointer's title for all that is drawn until close_group().
  void open_group(std::string_view title);
  void close_group();
  /// The finished drawing. REQUIRES: called once.
  [[nodiscard]] std::string finish();

 private:
  std::string out_;
};

/// Maps a moment of the run to an x position.
struct TimeScale {
  Nanos from = 0;
  Nanos to = 1;  ///< > from
  double x0 = 0;
  double x1 = 1;

  /// Clipped to [x0, x1].
  [[nodiscard]] double x(Nanos time) const;
  /// The bin of `time` where [from, to) is cut into `bins` equal parts; clipped.
  [[nodiscard]] std::size_t bin(Nanos time, std::size_t bins) const;
  /// Where bin i begins; i = bins is the end.
  [[nodiscard]] Nanos edge(std::size_t i, std::size_t bins) const;
};

/// Round moments for the axis, about `count` of them.
[[nodiscard]] std::vector<Nanos> ticks(const TimeScale& scale, int count);
/// "12.031 s": a moment or a span in seconds, with `digits` after the point.
[[nodiscard]] std::string seconds(Nanos time, int digits = 3);
/// A span in the unit that reads best: "2.1 ms".
[[nodiscard]] std::string span(Nanos time);

}  // namespace sunder::harness::report
