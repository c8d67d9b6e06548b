@main
struct Flotilla {
    static func main() async { print("flotilla") }
}
