"""The stand-in for Pipefy: token endpoint, GraphQL, exports."""
