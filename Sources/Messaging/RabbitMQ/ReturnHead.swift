struct ReturnHead {
    let code: Int
    let reason: String
    let exchange: String
    let routingKey: String
}
