/// Guesses what a mistyped word was meant to be.
package enum Suggestion {
    /// “, did you mean …” for the nearest of the candidates, or nothing when none is near.
    package static func text(for word: String, among candidates: [String]) -> String {
        let nearest = candidates.map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
        guard let (candidate, steps) = nearest, steps <= max(word.count < 4 ? 1 : 2, word.count / 3) else { return "" }
        return ", did you mean “\(candidate)”?"
    }

    /// The number of letters to insert, remove or replace.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                current.append(
                    min(previous[column] + (letter == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                )
            }
            previous = current
        }
        return previous[right.count]
    }
}
