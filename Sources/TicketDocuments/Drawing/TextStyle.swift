/// How a text is set.
struct TextStyle: Sendable, Hashable {
    enum Weight: Sendable, Hashable { case regular, semibold, bold }

    enum Alignment: Sendable, Hashable { case start, center, end }

    enum VerticalAlignment: Sendable, Hashable { case top, middle, bottom }

    /// In points; a text that does not fit is set smaller.
    var size: Double
    /// Below this a text is cut instead, and ends in “…”.
    var smallest: Double
    var weight = Weight.regular
    var color = Color.ink
    var alignment = Alignment.start
    var verticalAlignment = VerticalAlignment.top
    /// Between letters, in points.
    var spacing = 0.0
    /// Whether “fi” may be one letter form, which costs the file a further font: for names, not for long plain texts.
    var hasLigatures = true

    var withoutLigatures: TextStyle {
        var style = self
        style.hasLigatures = false
        return style
    }

    init(
        _ size: Double,
        smallest: Double? = nil,
        _ weight: Weight = .regular,
        _ color: Color = .ink,
        _ alignment: Alignment = .start,
        _ verticalAlignment: VerticalAlignment = .top,
        spacing: Double = 0
    ) {
        self.size = size
        self.smallest = smallest ?? size
        self.weight = weight
        self.color = color
        self.alignment = alignment
        self.verticalAlignment = verticalAlignment
        self.spacing = spacing
    }
}
