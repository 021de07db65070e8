		onScroll={() => up()}
		onDrag={(e) => {
			e.stop()
		}}