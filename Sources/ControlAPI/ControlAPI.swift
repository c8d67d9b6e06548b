enum API {}
