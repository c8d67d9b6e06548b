import FlotillaPlatform

/// Rows under headings, aligned; numbers to the right.
package struct Table: Sendable {
    /// A cell's text and, where colours are wanted, its colour.
    package struct Cell: Sendable, ExpressibleByStringInterpolation {
        let text: String
        let style: Style?

        package init(_ text: String, _ style: Style? = nil) { (self.text, self.style) = (text, style) }

        package init(stringLiteral text: String) { self.init(text) }
    }

    private let headings: [String]
    private let rows: [[Cell]]

    /// Rows shorter than the headings are filled with empty cells.
    package init(_ headings: [String], _ rows: [[Cell]]) {
        self.headings = headings
        self.rows = rows.map { row in
            Array(row.prefix(headings.count)) + Array(repeating: "", count: max(0, headings.count - row.count))
        }
    }

    package init(_ headings: [String], _ rows: [[String]]) { self.init(headings, rows.map { $0.map { Cell($0) } }) }

    /// - Parameter width: The last column is cut to fit; nil leaves it as long as it is.
    package func rendered(width: Int? = nil, colours: Bool = false) -> String {
        let widths = headings.indices.map { column in
            max(headings[column].displayWidth, rows.map { $0[column].text.displayWidth }.max() ?? 0)
        }
        let lines = [headings.map { Cell($0.uppercased(), .dim) }] + rows
        return lines.map { line(of: $0, widths: widths, width: width, colours: colours) }.joined(separator: "\n")
    }

    private func line(of cells: [Cell], widths: [Int], width: Int?, colours: Bool) -> String {
        var text = ""
        var used = 0
        for (column, cell) in cells.enumerated() {
            let isLast = column == cells.count - 1
            var content = cell.text.showingTextControls()
            if isLast, let width { content = content.cut(to: max(8, width - used)) }
            let gap = String(repeating: " ", count: max(0, widths[column] - content.displayWidth))
            let shown = cell.style?.apply(content, colours) ?? content
            text += isNumeric(column) ? gap + shown : isLast ? shown : shown + gap
            if !isLast { text += "  " }
            used += widths[column] + 2
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    private func isNumeric(_ column: Int) -> Bool {
        let filled = rows.map { $0[column].text }.filter { !$0.isEmpty && $0 != "–" }
        return !filled.isEmpty && filled.allSatisfy { Double($0) != nil }
    }
}

extension String {
    /// Columns on a terminal: East Asian wide letters and emoji take two, combining marks none.
    var displayWidth: Int {
        reduce(0) { sum, character in
            let scalar = character.unicodeScalars.first?.value ?? 0
            let isWide =
                (0x1100...0x115f).contains(scalar) || (0x2e80...0xa4cf).contains(scalar)
                || (0xac00...0xd7a3).contains(scalar) || (0xf900...0xfaff).contains(scalar)
                || (0xff00...0xff60).contains(scalar) || (0x1f300...0x1faff).contains(scalar)
            return sum + (isWide ? 2 : 1)
        }
    }

    func cut(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var text = self
        while text.displayWidth > width - 1 { text.removeLast() }
        return text + "…"
    }
}
