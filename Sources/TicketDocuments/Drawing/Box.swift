/// A rectangle on the page, in points (1/72 inch) from the upper left corner.
struct Box: Sendable, Hashable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    var right: Double { x + width }
    var bottom: Double { y + height }

    func inset(_ distance: Double) -> Box {
        Box(x + distance, y + distance, width - 2 * distance, height - 2 * distance)
    }
}
