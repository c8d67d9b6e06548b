/// A message as a publisher made it: properties, headers and bytes, without where it was published to.
public struct Message: Sendable, Hashable {
    public var properties: MessageProperties
    public var headers: HeaderTable
    public var body: [UInt8]

    public init(
        properties: MessageProperties = MessageProperties(),
        headers: HeaderTable = HeaderTable(),
        body: [UInt8] = []
    ) {
        self.properties = properties
        self.headers = headers
        self.body = body
    }
}
