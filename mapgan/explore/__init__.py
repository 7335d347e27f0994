"""The page of `mapgan explore`: a trained generator to look at, to paint with and to draw from.

What is on the page is a `Scene`, plain data from which the map can be drawn again; a `Session` is what one user did;
`SceneRenderer` draws scenes, one at a time. `page` and `controls` alone know of Gradio, and `server` of the network.
"""
