import Glibc

/// Measures the fleet's own parts on real servers, one per run, and prints one line of JSON like the C baselines.
///
/// ```
/// flotilla-bench publish --url URL --key QUEUE --count N --window W [--people P]
/// flotilla-bench consume --url URL --database URL --queue QUEUE --count N --prefetch P
/// flotilla-bench audit   --url URL --database URL --queue QUEUE --count N --prefetch P --batch B
/// flotilla-bench indexing --url URL --database URL --queue QUEUE --count N --prefetch P --batch B
/// flotilla-bench mail    --url URL --authority FILE --parts FILE --count N --sessions S
/// flotilla-bench ticket  --count N --keep FOLDER --every N
/// ```
@main
struct FlotillaBench {
    static func main() async {
        do {
            let options = Options(CommandLine.arguments.dropFirst(2))
            switch CommandLine.arguments.dropFirst().first {
            case "publish": print(try await PublishBench(options).run())
            case "consume": print(try await ConsumeBench(options).run())
            case "audit": print(try await AuditBench(options).run())
            case "indexing": print(try await IndexingBench(options).run())
            case "mail": print(try await MailBench(options).run())
            case "ticket": print(try TicketBench(options).run())
            default: throw BenchError("flotilla-bench publish|consume|audit|indexing|mail|ticket --option value …")
            }
        } catch {
            let line = "flotilla-bench: \(error)\n"
            write(STDERR_FILENO, line, line.utf8.count)
            exit(1)
        }
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
