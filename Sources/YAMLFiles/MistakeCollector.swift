/// Gathers mistakes while a file is being read.
package final class MistakeCollector {
    private(set) var mistakes: [FileMistake] = []

    package func add(_ line: Int, _ message: String) { mistakes.append(.init(line: line, message: message)) }
}
