"""Start the web chat; nothing else. The same as `bakerstreet web`."""

from chatbot.cli import main

if __name__ == "__main__":
    import sys

    sys.argv[1:1] = ["web"]
    main()
