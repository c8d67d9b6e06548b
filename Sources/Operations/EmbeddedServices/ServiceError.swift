/// A server that could not be started or stopped, with what to do about it.
package struct ServiceError: Error, CustomStringConvertible {
    package let service: ServiceName?
    package let message: String
    package let remedy: String?

    init(_ service: ServiceName?, _ message: String, remedy: String? = nil) {
        (self.service, self.message, self.remedy) = (service, message, remedy)
    }

    package var description: String { remedy.map { "\(message); \($0)" } ?? message }
}
