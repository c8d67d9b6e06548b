@main
struct FlotillaBench {
    static func main() async { print("flotilla-bench") }
}
