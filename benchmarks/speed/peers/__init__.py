"""The programs that are measured from outside: servers, stations and floors, each a process of its own."""
