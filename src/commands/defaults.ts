/** What a person gets who names nothing. */
export const defaultPort = 11_411;
export const defaultNodes = 5;
